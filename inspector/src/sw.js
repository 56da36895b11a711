// The service worker: after the first visit the page comes from the cache, with or without a network. A new build has a
// new version, takes over when it is complete, and throws the old one away. Addresses that are none of the build's files
// go to the network untouched.
const VERSION = __VERSION__;
const FILES = __FILES__;
const NAME = `taipan-inspector-${VERSION}`;
const own = new Set(FILES.map((file) => new URL(file, self.registration.scope).href));
// The library's files are kept when a program has asked for them.
const library = new URL("lib/", self.registration.scope).href;
const start = new URL("index.html", self.registration.scope).href;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then(async (cache) => {
        await cache.addAll([...own].map((url) => new Request(url, { cache: "reload" })));
        // Builds without the machine have none.
        await cache.add(`${library}index.txt`).catch(() => undefined);
      })
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("taipan-inspector-") && name !== NAME).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const url = new URL(event.request.url);
  url.hash = url.search = "";
  const wanted = url.href === self.registration.scope ? start : url.href;
  if (wanted.startsWith(library)) {
    event.respondWith(
      caches.open(NAME).then(async (cache) => {
        const kept = await cache.match(wanted);
        if (kept) return kept;
        const answer = await fetch(event.request);
        if (answer.ok) await cache.put(wanted, answer.clone());
        return answer;
      }),
    );
    return;
  }
  if (!own.has(wanted)) return;
  event.respondWith(caches.open(NAME).then(async (cache) => (await cache.match(wanted)) ?? fetch(event.request)));
});
