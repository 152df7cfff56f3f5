// Keeps the wallet, its vouchers and what they are drawn with, for the moment without network. Network first, always.
const CACHE = "wallet-1";
const MINE = /^\/(wallet|vouchers\/[0-9a-f-]{36})$/;
const SHOP = /^\/s\//i;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function networkFirst(request) {
  const cache = await caches.open(CACHE);
  const key = request.url.split("?")[0];
  try {
    const answer = await fetch(request);
    if (answer.redirected)
      await caches.delete(CACHE); // signed out: nothing of this person stays
    else if (answer.ok) await cache.put(key, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
}

/** Answer a part of a page: kept if the page is one of ours. */
async function part(event) {
  const page = await self.clients.get(event.clientId);
  return page && MINE.test(new URL(page.url).pathname) ? networkFirst(event.request) : fetch(event.request);
}

/** A shop's code was scanned: without network the wallet opens instead, for the clerk to scan. */
const orWallet = (request) => fetch(request).catch(() => Response.redirect("/wallet"));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && MINE.test(url.pathname)) event.respondWith(networkFirst(event.request));
  else if (event.request.mode === "navigate" && SHOP.test(url.pathname)) event.respondWith(orWallet(event.request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(part(event));
});

self.addEventListener("message", (event) => {
  const page = event.data?.keep ?? "";
  if (MINE.test(page))
    event.waitUntil(networkFirst(new Request(page, { credentials: "same-origin" })).catch(() => {}));
});
