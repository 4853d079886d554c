import { html, type Html, type Insertable } from './html.js'
import { coloursFor } from './theme.js'

const style = `
${coloursFor(':root')}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:40px 24px 80px}
h1{font-size:34px;line-height:1.15;margin:0 0 6px}
h2{font-size:22px;line-height:1.2;margin:52px 0 6px}
h3{margin:24px 0 6px}
p{margin:0 0 14px;max-width:76ch}
a{color:inherit}
code{font-size:.9em}
.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:28px 32px;margin:22px 0}
.scroll{overflow-x:auto;margin:16px 0}
.charts>.scroll{margin:0}
.scroll>svg{display:block;width:100%;height:auto;max-width:640px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:4px 14px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500;border-bottom-color:var(--soft)}
.number{text-align:right}
@media (max-width:560px){main{padding:24px 16px 60px}}
`

/** The content of a page. */
export interface PageParts {
  readonly title: string
  /** Style rules of this page only. */
  readonly style?: string
  readonly body: Insertable
}

/** Renders a page that loads nothing else, follows the reader's colour scheme and fits a phone. */
export function page({ title, style: pageStyle = '', body }: PageParts): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title}</title>
        <style>
          ${{ markup: style + pageStyle }}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.markup
}

/** Renders a chart within a page. */
export function figure(chart: Html): Html {
  return html`<div class="scroll">${chart}</div>`
}
