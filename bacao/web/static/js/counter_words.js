// What the counter says by itself; everything about a voucher comes from the server in both languages.

const WORDS = {
  zh: {
    code: "或输 12 位数字",
    typedWrong: "号码有误，请再念一遍",
    closer: "靠近一点 · 请客人调亮屏幕 · 斜一下避开反光",
    type: "扫不出？输客人念的 12 位数字",
    noCamera: "相机打不开，输 12 位数字也一样",
    practiceReal: "这是真的券。练好了再扫，练习时不核销。",
    yes: "可以给",
    no: "先别给",
    undone: "已撤销",
    wait: "没连上",
    charge: (amount) => `收 ${amount}`,
    nothing: "不用收钱",
    next: "下一位",
    again: "重新扫",
    retry: "再试一次",
    uses: (before, after) => `还剩 ${before} 次 → ${after} 次`,
    usesNow: (n) => `用 ${n} 次`,
    billAsk: "账单 ¥",
    usesAsk: "用几次",
    short: (amount) => `还差 ${amount} 才能用`,
    goBill: (amount) => `收 ${amount}，核销`,
    goUses: (n) => `核销 ${n} 次`,
    waiting: "没收到回答，先别给东西。再试一次，同一笔不会扣两次。",
    undoWaiting: "没收到回答，还不知道撤销了没有。再试一次，不会撤两次。",
    off: (amount) => `减 ${amount}`,
    left: (n) => `还剩 ${n} 次`,
    from: (amount) => `满 ${amount} 可用`,
    practiceTitle: "练习：一杯不存在的咖啡",
    practiceText: "做对了。真的一张也是这样。",
    practiceUndone: "撤销也会了。再看一次红的：输 1111 1111 1117。",
    practiceRed: "红的就是这样：照着这一句做。练好了点右上角。",
    signIn: "重新登录",
  },
  en: {
    code: "or type 12 digits",
    typedWrong: "These digits do not match; have them read again",
    closer: "Closer · brighter screen · tilt it out of the glare",
    type: "It will not scan? Type the 12 digits the guest reads out",
    noCamera: "No camera; typing the 12 digits does the same",
    practiceReal: "This is a real voucher. Finish practising first; nothing was redeemed.",
    yes: "Hand it over",
    no: "Do not hand over",
    undone: "Undone",
    wait: "No connection",
    charge: (amount) => `Charge ${amount}`,
    nothing: "Charge nothing",
    next: "Next guest",
    again: "Scan again",
    retry: "Try again",
    uses: (before, after) => `${before} left → ${after} left`,
    usesNow: (n) => `${n} uses`,
    billAsk: "Bill ¥",
    usesAsk: "How many",
    short: (amount) => `${amount} short of the minimum`,
    goBill: (amount) => `Charge ${amount}, redeem`,
    goUses: (n) => `Redeem ${n}`,
    waiting: "No answer yet; hand nothing over. Try again: one press never counts twice.",
    undoWaiting: "No answer yet. Try again: it is never undone twice.",
    off: (amount) => `${amount} off`,
    left: (n) => `${n} left`,
    from: (amount) => `from ${amount}`,
    practiceTitle: "Practice: a coffee that does not exist",
    practiceText: "Well done. A real one works just the same.",
    practiceUndone: "Undo works, too. See a red one: type 1111 1111 1117.",
    practiceRed: "This is red: do what its one sentence says. Press Done at the top when you are ready.",
    signIn: "Sign in again",
  },
};

export const language = document.documentElement.lang === "en" ? "en" : "zh";
export const words = WORDS[language];

/** Return minor units as people write them: 1850 -> ¥18.5. */
export function money(minor) {
  const whole = Math.floor(minor / 100).toLocaleString("en");
  const cents = minor % 100 ? `.${String(minor % 100).padStart(2, "0")}`.replace(/0$/, "") : "";
  return `¥${whole}${cents}`;
}
