import { html, type Html, type Insertable } from './html.js'

/** Renders a table that scrolls horizontally on a narrow screen. Numbers are aligned to the right. */
export function table(
  head: readonly Insertable[],
  rows: readonly (readonly Insertable[])[],
  className = '',
): Html {
  const cell = (value: Insertable): Html =>
    typeof value === 'number'
      ? html`<td class="number">${value.toLocaleString('en')}</td>`
      : html`<td>${value}</td>`
  const lines = rows.map(
    (row) =>
      html`<tr>
        ${row.map(cell)}
      </tr> `,
  )
  return html`<div class="scroll">
    <table class="${className}">
      <thead>
        <tr>
          ${head.map((name) => html`<th>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`
}
