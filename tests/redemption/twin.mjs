// Reads cases as JSON lines, answers each as a JSON line: what bacao/web/static/js/chain.js makes of it.
import { createInterface } from 'node:readline'

const { anchorOf, dammDigit, decodeToken, encodeToken, isTypedCode, tokenAt, verify } = await import(process.argv[2])

for await (const line of createInterface({ input: process.stdin })) {
  const { seed, handle, day, step, now, highest, typed, anchors, text } = JSON.parse(line)
  const shown = tokenAt({ [day]: seed }, handle, day * 2880 + step)
  const token = decodeToken(text)
  console.log(JSON.stringify({
    shown,
    anchor: anchorOf(seed, handle, day),
    token,
    again: token && encodeToken(token),
    verdict: token && verify(token.handle, token.value, anchors, now, highest),
    damm: dammDigit(typed.slice(0, 11)),
    typed: isTypedCode(typed),
  }))
}
