// Opens the counter without network. The shell and every file it names are kept together: a new shell only replaces the
// old one when all of its files are here.
const CACHE = "counter-1";
const SHELL = "/counter?shell";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** Fetch the shell and what it needs; forget files of older ones. Who is no counter keeps the files only. */
async function keep(isCounter) {
  const cache = await caches.open(CACHE);
  const answer = await fetch(SHELL, { cache: "no-store" });
  if (!answer.ok || answer.redirected) return;
  const found = /data-files="([^"]+)"/.exec(await answer.clone().text());
  const files = JSON.parse(found[1].replaceAll("&quot;", '"'));
  const wanted = new Set(files.map((file) => new URL(file, self.location.origin).href));
  const held = new Set((await cache.keys()).map(({ url }) => url));
  await cache.addAll([...wanted].filter((url) => !held.has(url)));
  if (isCounter) await cache.put(SHELL, answer);
  else await cache.delete(SHELL);
  for (const { url } of await cache.keys()) if (url.includes("/static/") && !wanted.has(url)) await cache.delete(url);
}

self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.counter).catch(() => {}));
});

async function fromHere(request, key) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key ?? request)) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(fromHere(request));
  else if (request.mode === "navigate" && url.pathname === "/counter" && url.search === "") event.respondWith(fromHere(request, SHELL));
});
