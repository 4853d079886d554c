import type { ComponentChild, VNode } from 'preact'

/** The colours of a picture, which GitHub shows on a light or a dark page. */
const style = `<style>
.sequence { color: #1b1f24 }
@media (prefers-color-scheme: dark) { .sequence { color: #e2e8ef } }
</style>`

/** Returns a drawing as the text of a file. */
export function renderSvg(drawing: ComponentChild): string {
  return `${render(drawing).replace('>', `>\n${style}\n`)}\n`
}

function render(node: ComponentChild): string {
  if (Array.isArray(node)) return (node as readonly ComponentChild[]).map(render).join('')
  if (node === null || node === undefined || typeof node === 'boolean') return ''
  if (typeof node !== 'object') return escaped(String(node))
  const { type, props } = node as VNode<Readonly<Record<string, unknown>>>
  const { children, ...attributes } = props
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
  return `<${String(type)}${written.join('')}>${render(children as ComponentChild)}</${String(type)}>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
