"""How the tear sheet looks: light and dark, wide and narrow, on paper. The colors are Okabe and Ito's, told apart by color-blind people."""

#: Okabe, Ito, "Color Universal Design" (2008); the dark set is the same hues, lighter. Yellow is left out: it is not seen on white.
STYLE = """
:root{color-scheme:light dark;
 --paper:#fff;--card:#f6f7f9;--ink:#1b1f24;--muted:#5c6670;--line:#dde1e6;--gain:#0072b2;--loss:#c04e00;--warn:#fff4d6;
 --heat-gain:0 114 178;--heat-loss:213 94 0;--buy:#0072b2;--sell:#d55e00;
 --series0:#0072b2;--series1:#d55e00;--series2:#009e73;--series3:#b8609a;--series4:#b07a00;--series5:#2f9bd6;--series6:#7a5cb0;--series7:#6b7480}
@media screen and (prefers-color-scheme:dark){:root{
 --paper:#14171b;--card:#1d2127;--ink:#e8eaed;--muted:#9aa4ae;--line:#343a42;--gain:#6cbdf0;--loss:#f09a5b;--warn:#3a3115;
 --heat-gain:86 180 233;--heat-loss:230 120 40;--buy:#56b4e9;--sell:#f28b3c;
 --series0:#56b4e9;--series1:#f28b3c;--series2:#2fc79a;--series3:#dd93c0;--series4:#e6b000;--series5:#8fd0f5;--series6:#b49be6;--series7:#a3adb8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1340px;padding:20px 24px 60px;background:var(--paper);color:var(--ink);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}.names{font-weight:400;color:var(--muted)}
h2{font-size:19px;margin:40px 0 4px;padding-top:10px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:18px 0 0}p{margin:6px 0}.soft{color:var(--muted);font-size:13px}
nav{display:flex;flex-wrap:wrap;gap:2px 16px;margin:14px 0 0;font-size:14px}a{color:var(--gain)}
.tiles{display:grid;grid-template-columns:fit-content(120px) repeat(4,1fr);gap:10px;margin:14px 0 0}
.currency{align-self:center;font-weight:600;font-size:17px;min-width:48px}
.tile{background:var(--card);border-radius:8px;padding:10px 14px;min-width:0}
.tile dt{color:var(--muted);font-size:13px}.tile dd{margin:0}.big{font-size:21px;font-weight:600;font-variant-numeric:tabular-nums}
.gain{color:var(--gain)}.loss{color:var(--loss)}
.notice{background:var(--warn);border-left:4px solid var(--series4);border-radius:4px;margin:16px 0 0;padding:8px 16px 8px 32px}
.picture{min-height:120px;margin:6px 0 0}.picture .unready{color:var(--muted)}
.choice{display:flex;flex-wrap:wrap;gap:6px;margin:8px 0 0}
button{font:inherit;font-size:13px;color:var(--ink);background:var(--card);cursor:pointer;
 border:1px solid var(--line);border-radius:6px;padding:3px 10px}
button[aria-pressed=true]{background:var(--ink);color:var(--paper);border-color:var(--ink)}button:disabled{opacity:.4;cursor:default}
.scroll{overflow-x:auto;margin:8px 0}.scroll:focus-visible{outline:2px solid var(--gain)}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:4px 8px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--muted);vertical-align:bottom}th[scope=row],th.text,td.text,th:first-child{text-align:left}
td.text,th[scope=row]{white-space:normal;max-width:30ch}
#strategies-table td.text,#data-table td.text{min-width:15ch}time{white-space:nowrap}
th[scope=row],th[scope=rowgroup]{position:sticky;left:0;background:var(--paper)}.months th[scope=row]{position:static}
tfoot th,tfoot td{font-weight:600}
#trades-table td.text,#trades-table th[scope=row]{max-width:24ch}td.negative{color:var(--loss)}
thead button{background:none;border:0;padding:0;color:inherit;white-space:nowrap}thead button::after{content:" \\2195";opacity:.35}
th[aria-sort=ascending] button::after{content:" \\2191";opacity:1}th[aria-sort=descending] button::after{content:" \\2193";opacity:1}
#figures-table th[scope=row]{min-width:15ch}#figures-table td{white-space:normal;max-width:30ch}
.months th[scope=rowgroup]{text-align:left;vertical-align:top;min-width:8ch;font-weight:600}
.months td{min-width:62px;padding:4px 7px;border:1px solid var(--paper)}
.months .gain{color:inherit;background:rgb(var(--heat-gain)/calc(.06 + var(--heat)*.5))}
.months .loss{color:inherit;background:rgb(var(--heat-loss)/calc(.06 + var(--heat)*.5))}
.months .none{background:var(--card)}.months .total{font-weight:600}
.pager{display:flex;align-items:center;gap:10px;font-size:13px}.pager[hidden]{display:none}
.books{list-style:none;padding:0;margin:0;font-size:13px;font-variant-numeric:tabular-nums}.books li{padding:2px 0}.fine{color:var(--gain)}
.broken{color:var(--loss);font-weight:700}footer{margin-top:40px;color:var(--muted);font-size:13px}
@media screen and (max-width:760px){
 body{padding:14px 12px 40px}h1{font-size:21px}
 .tiles{grid-template-columns:1fr 1fr}.currency{grid-column:1/-1}
 .big{font-size:17px}.tile{padding:8px 10px}th,td{padding:4px 7px}}
@media print{.big{font-size:15px}
 body{max-width:none;padding:0;font-size:11px}nav,.choice,.pager{display:none}.scroll{overflow:visible}
 table{font-size:8px}th,td{padding:2px 3px}
 .months td{min-width:0}h2{break-after:avoid}h3{break-after:avoid}.picture,tr,.tile{break-inside:avoid}
 .tile,.months td{print-color-adjust:exact;-webkit-print-color-adjust:exact}
 thead button::after{content:none!important}.modebar-container,.modebar{display:none!important}section>p{break-after:avoid}}
"""
