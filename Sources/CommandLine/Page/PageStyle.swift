/// How every page looks: system fonts, light or dark as the reader's system is, one column on a phone.
enum PageStyle {
    static let text = """
        :root{color-scheme:light dark;--back:#fbfbfa;--card:#fff;--ink:#1d2126;--soft:#5b6570;--line:#d9dde2;--grid:#e8ebee;\
        --accent:#2f6fb5;--heat:47 111 181;--mesh:#5d6b7a;--contour:#1d2126;--warn:#8a4b00;--warnback:#fff3dc;\
        --bad:#a11d2b;--badback:#fde8ea;--good:#1f6b3f;--goodback:#e4f5ea;\
        --c0:#c9374b;--c1:#25834d;--c2:#7f4cc4;--c3:#b87400;--c4:#65717e;--c5:#2374c9;--c6:#b5478d;--c7:#14807f}
        @media (prefers-color-scheme:dark){:root{--back:#14171b;--card:#1c2127;--ink:#e8ecf0;--soft:#a3adb8;--line:#363d46;\
        --grid:#2a3038;--accent:#76b3f5;--heat:90 155 230;--mesh:#93a1b1;--contour:#f1f4f7;--warn:#ffce85;--warnback:#3a2d14;\
        --bad:#ff9aa5;--badback:#3d1d22;--good:#8fdcab;--goodback:#173323;\
        --c0:#ff7d8c;--c1:#5fcf8f;--c2:#ba97ff;--c3:#ffc04f;--c4:#aab5c1;--c5:#6fb4ff;--c6:#f48fcb;--c7:#53d2d0}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,\
        "Noto Sans","Liberation Sans",sans-serif;-webkit-text-size-adjust:100%}
        main{max-width:1120px;margin:0 auto;padding:1.25rem 1rem}
        footer{max-width:1120px;margin:0 auto;padding:0 1rem 2rem;color:var(--soft);font-size:.85rem}
        h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
        h2{font-size:1.1rem;margin:0 0 .5rem}
        p{margin:.35rem 0}
        .lead{color:var(--soft);overflow-wrap:anywhere}
        .answer{font-size:1.25rem;margin:.5rem 0}
        .note,.verdict{border-radius:.5rem;padding:.5rem .75rem;margin:.6rem 0}
        .note,.verdict.odd{background:var(--warnback);color:var(--warn)}
        .verdict.plain{background:var(--grid);color:var(--ink)}
        .verdict.bad{background:var(--badback);color:var(--bad)}
        .verdict.good{background:var(--goodback);color:var(--good)}
        .small{font-size:.875rem;color:var(--soft)}
        section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:1rem 0;min-width:0}
        .pair{display:grid;grid-template-columns:1fr;gap:1rem;margin:1rem 0}
        .pair>section{margin:0}
        @media (min-width:820px){.pair{grid-template-columns:1fr 1fr}}
        .scroll{overflow-x:auto}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.5rem 1rem;margin:.75rem 0}
        .facts div{border-left:3px solid var(--accent);padding-left:.6rem}
        .facts dt{font-size:.8rem;color:var(--soft)}
        .facts dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.95rem}
        th,td{padding:.3rem .5rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
        thead th{border-bottom:1px solid var(--line);color:var(--soft);font-weight:600}
        th:first-child,td.text,th.text{text-align:left;white-space:normal}
        thead th{white-space:normal}
        td.name{overflow-wrap:anywhere;min-width:8rem}
        @media (max-width:600px){table{font-size:.875rem}th,td{padding:.3rem .3rem}}
        tbody th{font-weight:500}
        tr.rule th,tr.rule td{border-top:1px solid var(--line)}
        .matrix{table-layout:fixed}
        .matrix td{text-align:center;padding:.55rem .1rem;border:1px solid var(--card)}
        .matrix th{font-size:.8rem;padding:.3rem .2rem}
        .matrix thead td{width:5rem}
        .matrix thead th{text-align:center}
        @media (max-width:600px){.matrix thead td{width:4rem}.matrix thead th{height:5rem;vertical-align:bottom}\
        .matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg)}}
        .matrix .strong{color:#fff}
        \((0...10).map { ".h\($0){background:rgb(var(--heat) / \(Double($0) / 10))}" }.joined())
        @media (prefers-color-scheme:dark){.matrix .strong{color:#08131f}}
        svg{display:block;width:100%;height:auto;max-width:540px;margin:0 auto}
        svg text{font-size:11px;fill:var(--soft);font-family:inherit}
        @media (max-width:600px){svg text{font-size:13px}}
        svg .grid{stroke:var(--grid);stroke-width:1}
        svg .axis{stroke:var(--line);stroke-width:1;fill:none}
        svg .diagonal{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 4;fill:none}
        svg .curve{fill:none;stroke-width:1.8;stroke-linejoin:round}
        svg .bar{fill:rgb(var(--heat) / .75)}
        svg .cursor{stroke:var(--ink);stroke-width:1}
        \((0..<8).map { ".c\($0){stroke:var(--c\($0))}i.c\($0),.fill.c\($0){background:var(--c\($0));fill:var(--c\($0))}" }
            .joined())
        svg .dashed{stroke-dasharray:6 3}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;margin:.5rem 0 0;font-size:.9rem}
        .legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.4rem;vertical-align:-.05rem}
        canvas{display:block;width:100%;border-radius:.5rem;background:var(--back)}
        #mesh{height:min(60vh,26rem)}
        #strip{height:3rem;cursor:pointer}
        #matrix{aspect-ratio:1;max-width:22rem;image-rendering:pixelated;margin:.5rem auto 0}
        .controls{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem;margin:.75rem 0}
        .controls input[type=range]{flex:1 1 10rem;min-width:0;accent-color:var(--accent);height:2rem}
        button,select{font:inherit;color:inherit;background:var(--back);border:1px solid var(--line);border-radius:.5rem;\
        padding:.35rem .7rem;min-height:2.5rem;max-width:100%}
        button{min-width:5.5rem;cursor:pointer}
        :focus-visible{outline:3px solid var(--accent);outline-offset:2px}
        .bars{list-style:none;padding:0;margin:.75rem 0 0;display:grid;gap:.3rem;font-size:.95rem}
        .bars li{display:grid;grid-template-columns:minmax(4.5rem,auto) 1fr 4rem;gap:.6rem;align-items:center}
        .bars .track{background:var(--grid);border-radius:.3rem;height:.8rem;overflow:hidden}
        .bars .track.empty{visibility:hidden}
        .bars .fill{height:100%;width:0}
        .bars b{font-weight:500;text-align:right;font-variant-numeric:tabular-nums}
        @media print{section{break-inside:avoid}.controls{display:none}}
        """
}
