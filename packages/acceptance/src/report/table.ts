import { html, type Html, type Insertable } from './html.js'

/** A table; numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly Insertable[])[]): Html {
  const cell = (value: Insertable): Html =>
    typeof value === 'number'
      ? html`<td class="number">${value.toLocaleString('en')}</td>`
      : html`<td>${value}</td>`
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((name) => html`<th>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(cell)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
