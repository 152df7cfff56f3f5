// What the camera may read: 47 digits of a code, or 253 of a signed one; anything else is silence (RD1, RD24).
import { BC2, PRACTICE, decodeToken } from "../chain.js";
import { decodeSigned } from "./signed.js";

/** Return the decoded code with its `text`, or null. */
export function readCode(text) {
  const token = decodeToken(text);
  if (token) return token.version === BC2 || token.version === PRACTICE ? { ...token, text } : null;
  const signed = decodeSigned(text);
  return signed && { ...signed, text };
}
