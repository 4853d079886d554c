/** Text as it may stand in markup. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** An element of a drawing or a page. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly string[]
): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(String(value))}"`)
    .join('')
  return `<${name}${list}>${children.join('')}</${name}>`
}

/** Text in a drawing. */
export function label(
  x: number,
  y: number,
  text: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
): string {
  return element('text', { x, y, ...attributes }, escaped(text))
}

/** A straight line in a drawing. */
export function rule(className: string, x1: number, y1: number, x2: number, y2: number): string {
  return element('line', { class: className, x1, y1, x2, y2 })
}

/** A whole drawing, as wide as where it stands. */
export function drawing(
  width: number,
  height: number,
  title: string,
  ...children: readonly string[]
): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': title,
  }
  return element('svg', attributes, ...children)
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10)
}
