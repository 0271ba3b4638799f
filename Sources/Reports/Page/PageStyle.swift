import Pipeline

/// The style sheet of a page: light and dark as its reader has it, narrow and wide, and on paper.
enum PageStyle {
    private static func colours(_ values: [(String, String)]) -> String {
        ":root{" + values.map { "--\($0):\($1)" }.joined(separator: ";") + "}\n"
    }

    private static let light = colours([
        ("ground", "#fdfdfc"), ("card", "#ffffff"), ("text", "#1c2128"), ("soft", "#5b6570"),
        ("rule", "#dfe3e8"), ("accent", "#0066a6"), ("mark", "#f3f5f7"), ("bar", "#7fb6d9"),
        ("warn", "#b3400f"), ("p0", "#cfe3f6"), ("p1", "#fde3c8"), ("p2", "#cdebdc"),
        ("p3", "#f3d7e8"), ("p4", "#e0dff5"), ("p5", "#f4efc1"),
    ])
    private static let dark = colours([
        ("ground", "#0f1318"), ("card", "#161b22"), ("text", "#e6edf3"), ("soft", "#9aa7b4"),
        ("rule", "#2d343d"), ("accent", "#6cb6ff"), ("mark", "#1e252d"), ("bar", "#35607f"),
        ("warn", "#ff9c6b"), ("p0", "#1d3f5e"), ("p1", "#5b3b18"), ("p2", "#1d4b37"),
        ("p3", "#54304a"), ("p4", "#36345f"), ("p5", "#4c4717"),
    ])

    private static let rules = """
        *{box-sizing:border-box}
        html{color-scheme:light dark;scroll-behavior:smooth}
        body{margin:0;background:var(--ground);color:var(--text);
        font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        header,main,footer{max-width:1180px;margin:0 auto;padding:0 24px}
        header{padding-top:36px}
        h1{font-size:30px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em;
        overflow-wrap:anywhere}
        h2{font-size:21px;margin:0 0 4px;padding-top:10px;letter-spacing:-.005em}
        h3{font-size:15px;margin:22px 0 6px} h3,figcaption{overflow-wrap:anywhere}
        p{margin:6px 0 12px;max-width:76ch}
        .soft,figcaption small,td small{color:var(--soft)}
        .warn{color:var(--warn)}
        a{color:var(--accent)}
        nav{position:sticky;top:0;z-index:2;background:var(--ground);margin:18px 0 0;
        border-bottom:1px solid var(--rule)}
        nav ul{list-style:none;max-width:1180px;margin:0 auto;padding:8px 24px;display:flex;
        gap:4px 18px;flex-wrap:wrap;font-size:14px}
        nav a{text-decoration:none}
        nav a:hover{text-decoration:underline}
        section{padding:22px 0 8px;border-bottom:1px solid var(--rule);scroll-margin-top:40px}
        section:last-child{border:0}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(138px,1fr));
        margin:20px 0 0;padding:0;background:var(--card);border:1px solid var(--rule);
        border-radius:8px;overflow:hidden}
        .figures div{padding:11px 14px;box-shadow:1px 1px 0 var(--rule)}
        .figures dt{font-size:12.5px;color:var(--soft)}
        .figures dd{margin:0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
        .figures dd small{font-size:12.5px;font-weight:400;color:var(--soft);display:block}
        .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));
        gap:14px 22px;margin:12px 0 18px}
        figure{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:8px;
        padding:12px 14px 10px;min-width:0;position:relative;break-inside:avoid}
        figure.wide{grid-column:1/-1}
        figcaption{font-weight:600;font-size:14.5px;margin:0 0 6px}
        figcaption small{font-weight:400;display:block;font-size:12.5px}
        svg.plot{display:block;width:100%;height:auto;overflow:visible;touch-action:pan-y}
        svg text{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
        svg .e{text-anchor:end} svg .m{text-anchor:middle}
        svg path.grid{stroke:var(--rule);fill:none} svg .axis{stroke:var(--soft);fill:none}
        svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round}
        svg .faint{stroke-width:1;opacity:.38}
        svg .bar{stroke-width:1.4;fill:none} svg .skip{stroke:var(--warn);stroke-width:2}
        svg .area{fill:var(--bar)}
        .legend{list-style:none;margin:6px 0 0;padding:0;display:flex;flex-wrap:wrap;
        gap:2px 16px;font-size:13px}
        .legend li{max-width:100%;overflow-wrap:anywhere}
        .legend svg{width:26px;height:8px;margin-right:6px;vertical-align:middle}
        .scroll{overflow-x:auto;margin:8px 0 16px}
        .tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));
        gap:0 40px;align-items:start}
        .tables table{width:100%}
        table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
        th,td{padding:4px 14px 4px 0;text-align:left;vertical-align:top}
        thead th{color:var(--soft);font-weight:500;border-bottom:1px solid var(--rule)}
        tbody th{font-weight:500;min-width:15ch;max-width:34ch;overflow-wrap:anywhere}
        tbody tr+tr>*{border-top:1px solid var(--mark)}
        td.n,th.n{text-align:right;white-space:nowrap}
        td.b{min-width:120px;width:220px;padding-right:0;vertical-align:middle}
        td.b svg{display:block;width:100%;height:11px}
        .tables td.b{width:130px;min-width:90px}
        pre,code,.token{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;
        font-size:13px}
        pre{margin:8px 0;padding:10px 12px;background:var(--mark);border-radius:6px;
        white-space:pre-wrap;overflow-wrap:anywhere}
        blockquote{margin:8px 0;padding:10px 14px;background:var(--card);
        border:1px solid var(--rule);border-radius:8px;white-space:pre-wrap;
        overflow-wrap:anywhere;font-size:14.5px}
        blockquote b{font-weight:650}
        .pieces{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.9}
        .pieces span{border-radius:3px;padding:2px 0}
        .k0{background:var(--p0)} .k1{background:var(--p1)} .k2{background:var(--p2)}
        .k3{background:var(--p3)} .k4{background:var(--p4)} .k5{background:var(--p5)}
        .token{background:var(--mark);border-radius:3px;padding:1px 4px;margin:0 4px 4px 0;
        display:inline-block;white-space:pre-wrap;overflow-wrap:anywhere;max-width:100%}
        .token small{color:var(--soft)}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));
        gap:10px 18px}
        details{margin:10px 0}
        summary{cursor:pointer;color:var(--accent);font-size:14.5px}
        fieldset{border:0;margin:10px 0 0;padding:0;font-size:14px;display:flex;gap:4px 14px;
        flex-wrap:wrap}
        fieldset[hidden]{display:none}
        .tip{position:absolute;pointer-events:none;background:var(--text);color:var(--ground);
        font-size:12.5px;line-height:1.4;padding:4px 8px;border-radius:5px;z-index:3;
        white-space:pre;max-width:90%}
        .heads{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:flex-end;margin:8px 0}
        .heads figure{padding:6px;border-radius:6px}
        .heads svg{width:128px;height:128px;display:block}
        .heads figcaption{font-size:12px;font-weight:400;margin:0 0 3px;color:var(--soft)}
        .heat rect{fill:var(--mark)}
        footer{padding:18px 24px 40px;font-size:13px;color:var(--soft)}
        @media (max-width:620px){header,main,footer{padding-left:14px;padding-right:14px}
        nav ul{padding-left:14px;padding-right:14px;flex-wrap:nowrap;overflow-x:auto}
        nav li{white-space:nowrap}
        figure{padding:10px 8px 8px} svg.plot text{font-size:19px}
        .figures{grid-template-columns:repeat(auto-fill,minmax(130px,1fr))}
        .heads svg{width:92px;height:92px} h1{font-size:25px}
        th,td{padding-right:9px} td.b{min-width:50px;width:80px}}
        @media print{nav,fieldset{display:none} body{font-size:11pt;background:none}
        section{break-inside:auto} details>*{display:block} figure{border-color:#bbb}
        a{color:inherit;text-decoration:none}}

        """

    /// Nine depths of one hue, for the weights of attention.
    private static func heat(_ hue: (Int, Int, Int)) -> String {
        let colour = "\(hue.0),\(hue.1),\(hue.2)"
        return (1...9).map { level in
            ".h\(level){fill:rgba(\(colour),\(level == 9 ? "1" : ".\(level * 11)"))}"
        }.joined(separator: " ") + "\n"
    }

    /// The whole sheet.
    static let sheet =
        light + rules + ChartPalette.rules(isDark: false) + "\n" + heat((0, 91, 150))
        + "@media (prefers-color-scheme:dark){\n" + dark + ChartPalette.rules(isDark: true) + "\n"
        + heat((108, 182, 255)) + "}\n"
}
