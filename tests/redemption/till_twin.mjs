// Reads cases as JSON lines, answers each as a JSON line: what bacao/web/static/js/till makes of it.
import { createInterface } from "node:readline";

const till = process.argv[2];
const { isPin } = await import(`${till}/clerks.js`);
const { readCode } = await import(`${till}/codes.js`);
const { liveAddress, sixDigits } = await import(`${till}/shop_code.js`);
const { isOurs } = await import(`${till}/signed.js`);
const { typedTag } = await import(`${till}/typed.js`);
const { discountOf } = await import(`${till}/amounts.js`);

const answers = {
  signed: async ({ text, keys }) => {
    const code = readCode(text);
    return code && { handle: code.handle, day: code.day, offer: code.offer, anchor: code.anchor, value: code.value, ours: await isOurs(code, keys) };
  },
  pin: ({ clerk, pin }) => isPin(clerk, pin),
  address: ({ shop, host, now }) => liveAddress(shop, host, now),
  digits: ({ shop, step, charge, n }) => sixDigits(shop, step, charge, n),
  tag: ({ key, code }) => typedTag(key, code),
  discount: ({ offer, bill }) => discountOf(offer, bill),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, ...rest } = JSON.parse(line);
  console.log(JSON.stringify(await answers[kind](rest)));
}
