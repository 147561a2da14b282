// Times in the browser's zone, with UTC beside: unless a zone was chosen, in which the server wrote them.
"use strict";
if (!/(^|; )time_zone=/.test(document.cookie)) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const two = "2-digit";
  const shown = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone, year: "numeric", month: two, day: two, hour: two, minute: two,
  });
  for (const time of document.querySelectorAll("time[datetime*=T]")) {
    // The last group, seconds and what is behind them, is the same in every zone.
    const [, day, minute, rest] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)(\S*)$/.exec(time.textContent) ?? [];
    const there = shown.format(new Date(time.dateTime));
    if (!day || there === `${day} ${minute}`) continue;
    const beside = document.createElement("small");
    beside.textContent = ` ${there.startsWith(day) ? "" : `${day} `}${minute}${rest} UTC`;
    time.replaceChildren(there + rest, beside);
    document.querySelectorAll(".zone").forEach((name) => { name.textContent = `${zone}, with UTC beside`; });
  }
}
