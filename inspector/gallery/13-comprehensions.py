# A list comprehension runs in its function's own frame; a generator expression has its own.
words = ["tokens", "tree", "bytecode", "stack"]
lengths = [len(word) for word in words if "t" in word]
longest = max(len(word) for word in words)
by_letter = {word[0]: word for word in words}
print(lengths, longest, by_letter)
