"""Text in the oldest protocol: escapes, and lines without any."""
import pickle

for text in ("", "plain", "caf\xe9", "a\\b", "line\nend\r", "\x00\x1a", "\u20acuro", "\U0001f600 \ud800", "\\u0041"):
    dumped = pickle.dumps(text, 0)
    print(dumped, pickle.loads(dumped) == text)
for line in (b"Vabc\\u0041\n.", b"V\\\n.", b"V\\\\u0041\n.", b"V\\u00\n.", b"V\xe9\n.", b"Vx"):
    try:
        print(ascii(pickle.loads(line)))
    except Exception as e:
        print(type(e).__name__, e)
