/** Markup that is safe to stand in the page. */
export interface Html {
  readonly markup: string
}

/** What may be put into a template: text is escaped, markup stands as it is, nothing is nothing. */
export type Insertable = string | number | Html | undefined | readonly Insertable[]

/**
 * A template of markup.
 *
 * @example
 * ```ts
 * html`<p>${'a < b'}</p>`.markup // <p>a &lt; b</p>
 * ```
 */
export function html(parts: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  const inserted = values.map(toMarkup)
  return { markup: parts.map((part, index) => part + (inserted[index] ?? '')).join('') }
}

function toMarkup(value: Insertable): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(toMarkup).join('')
}
