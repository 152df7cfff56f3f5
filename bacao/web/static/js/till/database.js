// What a counter's phone remembers: facts (device, manifest, number, clock), vouchers by handle, rows that wait to be
// sent, rows that were answered, and what this phone itself used up. A write is on disk before anything is shown (RD34).

const NAME = "bacao-counter";

/** Return the answer of an IndexedDB request. */
export const wait = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export function openDatabase(name = NAME) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    const database = request.result;
    database.createObjectStore("facts");
    database.createObjectStore("vouchers", { keyPath: "handle" });
    database.createObjectStore("rows", { keyPath: "key" });
    database.createObjectStore("done", { keyPath: "key" });
    database.createObjectStore("used", { keyPath: "key" }).createIndex("handle", "handle");
  };
  return wait(request);
}

/** Run `work(stores)` in one transaction and return its result once the disk has it all; nothing of it if it throws. */
export async function write(database, names, work) {
  const transaction = database.transaction(names, "readwrite", { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
  let result;
  try {
    result = await work(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
  } catch (error) {
    done.catch(() => {});
    transaction.abort();
    throw error;
  }
  await done;
  return result;
}

export const read = (database, store, key) => wait(database.transaction(store).objectStore(store).get(key));
export const readAll = (database, store) => wait(database.transaction(store).objectStore(store).getAll());
export const readByHandle = (database, handle) =>
  wait(database.transaction("used").objectStore("used").index("handle").getAll(handle));

export const putFact = (database, key, value) => write(database, ["facts"], ({ facts }) => void facts.put(value, key));
