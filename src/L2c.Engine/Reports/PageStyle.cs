namespace L2c;

/// <summary>The style of a report: light and dark as the reader's system says, for wide and narrow windows, and for paper.</summary>
internal static class PageStyle
{
    /// <summary>CSS, with fonts that every system has.</summary>
    public const string Css = """
        :root {
          color-scheme: light dark;
          --page: #f4f6f8; --card: #ffffff; --ink: #18212c; --muted: #566373; --line: #dde3ea; --accent: #1f5a96; --sunken: #eef2f6;
          --warn: #fdf3dc; --warn-ink: #6b4a05; --mark: #fdf0d2;
          --c0: #1f5a96; --c1: #4c9f70; --c2: #d98c0a; --c3: #8e5aa8; --c4: #6b7480;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #11151a; --card: #191f27; --ink: #e4e9ef; --muted: #9aa8b8; --line: #2b3541; --accent: #86b9ec; --sunken: #10151b;
            --warn: #33290f; --warn-ink: #f1d591; --mark: #33290f;
            --c0: #5b9bd8; --c1: #62b98a; --c2: #e8a935; --c3: #b183c9; --c4: #8a95a3;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 48px; }
        header { margin-bottom: 20px; }
        .kind { margin: 0; color: var(--accent); font-weight: 600; font-size: 14px; }
        h1 { margin: 2px 0 4px; font-size: 30px; line-height: 1.2; overflow-wrap: anywhere; }
        .sub { margin: 0; color: var(--muted); overflow-wrap: anywhere; }
        h2 { margin: 0 0 12px; font-size: 19px; line-height: 1.3; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 24px; margin-bottom: 16px; }
        section > :last-child { margin-bottom: 0; }
        p { margin: 0 0 12px; max-width: 78ch; overflow-wrap: anywhere; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 12px; margin: 0 0 16px; }
        .tiles div { display: flex; flex-direction: column-reverse; justify-content: flex-end; background: var(--card); border: 1px solid var(--line);
          border-radius: 10px; padding: 12px 16px; }
        .tiles dt { color: var(--muted); font-size: 14px; line-height: 1.35; }
        .tiles dd { margin: 0; font-size: 25px; font-weight: 650; line-height: 1.25; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
        nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 2px 16px; font-size: 14px; }
        nav a { color: var(--accent); text-decoration: none; }
        nav a:hover, nav a:focus { text-decoration: underline; }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 0 32px; margin: 0 0 16px; }
        .facts div { display: flex; justify-content: space-between; gap: 16px; padding: 6px 0; border-bottom: 1px solid var(--line); }
        .facts dt { color: var(--muted); }
        .facts dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; font-variant-numeric: tabular-nums; }
        .scroll { overflow: auto; max-width: 100%; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 32px; align-items: start; }
        table { border-collapse: collapse; width: max-content; min-width: min(100%, 640px); font-size: 14px;
          font-variant-numeric: tabular-nums; margin-bottom: 16px; }
        th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th { color: var(--muted); font-weight: 600; vertical-align: bottom; background: var(--card); position: sticky; top: 0; }
        th.words, td.words { text-align: left; }
        .marked td { background: var(--mark); }
        div.scroll:has(> table) { max-height: 56rem; margin-bottom: 16px; }
        div.scroll > table { margin-bottom: 0; }
        figure { margin: 0 0 16px; }
        figure img { display: block; max-width: 100%; height: auto; background: #ffffff; border-radius: 6px; }
        figure img.crisp { image-rendering: pixelated; background: none; }
        figcaption { color: var(--muted); font-size: 14px; margin-top: 6px; max-width: 78ch; overflow-wrap: anywhere; }
        pre { background: var(--sunken); border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px; margin: 0 0 16px;
          font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre.listing { overflow: auto; max-height: 34rem; }
        pre.command { white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; }
        .warning { background: var(--warn); color: var(--warn-ink); border-radius: 6px; padding: 8px 14px; max-width: none; }
        .bar { display: flex; height: 18px; border-radius: 4px; overflow: hidden; background: var(--sunken); margin-bottom: 8px; }
        .bar span { min-width: 2px; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 24px; margin: 0 0 16px; padding: 0; font-size: 14px; color: var(--muted); }
        .legend b { color: var(--ink); font-weight: 600; margin-left: 8px; font-variant-numeric: tabular-nums; }
        .swatch { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 7px; }
        .c0 { background: var(--c0); } .c1 { background: var(--c1); } .c2 { background: var(--c2); } .c3 { background: var(--c3); }
        .c4 { background: var(--c4); }
        footer { color: var(--muted); font-size: 14px; margin: 24px 2px 0; }
        @media (max-width: 600px) {
          main { padding: 20px 12px 32px; }
          h1 { font-size: 24px; }
          section { padding: 16px; }
          .tiles { grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 8px; }
          .tiles dd { font-size: 21px; }
          .facts { grid-template-columns: 1fr; }
        }
        .pair table { min-width: 100%; }
        @media (prefers-color-scheme: dark) { figure img { filter: brightness(0.94); } }
        @media print {
          :root {
            --page: #ffffff; --card: #ffffff; --ink: #000000; --muted: #444444; --line: #cccccc; --accent: #1f5a96; --sunken: #f5f5f5;
            --warn: #fdf3dc; --warn-ink: #6b4a05; --mark: #fdf0d2;
            --c0: #1f5a96; --c1: #4c9f70; --c2: #d98c0a; --c3: #8e5aa8; --c4: #6b7480;
          }
          @page { margin: 14mm; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          body { font-size: 10.5pt; }
          main { max-width: none; padding: 0; }
          nav { display: none; }
          section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 12pt 0 0; }
          h2 { break-after: avoid; }
          figure, tr, .tiles, .facts div { break-inside: avoid; }
          .scroll, pre.listing, div.scroll:has(> table) { overflow: visible; max-height: none; }
          pre.listing { white-space: pre-wrap; font-size: 8pt; }
          figure img { min-width: 0 !important; max-height: 230mm; filter: none; }
          th { position: static; }
          table { font-size: 8.5pt; width: auto; min-width: 0; }
          th, td { padding: 2pt 4pt; white-space: normal; }
        }

        """;
}
