"""Text: building, splitting, searching, formatting, counting words."""

text = "the quick brown fox jumps over the lazy dog, and then it rests; " * 50
counts = {}
for _ in range(40):
    for word in text.replace(",", " ").replace(";", " ").split():
        counts[word] = counts.get(word, 0) + 1
lines = [f"{word:<8}|{count:>6}|{count / 7:.2f}" for word, count in sorted(counts.items())]
out = []
for i in range(60_000):
    out.append(str(i) + "," + "%x" % i)
joined = ";".join(out)
reverse = "".join(c.upper() if c.isalpha() else c for c in joined[:150_000][::-1])
print(len(lines), len(joined), reverse.count("A"), joined.find("59999"), lines[0])
