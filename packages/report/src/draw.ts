import * as Plot from '@observablehq/plot'
import { DOMImplementation, XMLSerializer, type Element } from '@xmldom/xmldom'
import type { Html } from './html.js'
import { coloursFor } from './theme.js'

/** Width of every chart: little wider than a phone, so that its text stays readable there. */
export const chartWidth = 460

/** Options of a grid. */
export const grid = { stroke: 'var(--line)', strokeOpacity: 1 } as const

const invalidInXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Draws marks under a title and a line of text. The same options give the same bytes. */
export function draw(title: string, options: Plot.PlotOptions, subtitle = ''): Html {
  const { marginTop = 40, marginLeft = 40, marks = [] } = options
  const document = new DOMImplementation().createDocument('http://www.w3.org/2000/svg', 'svg')
  const corner = { frameAnchor: 'top-left', lineAnchor: 'top', dx: -marginLeft } as const
  const heading = [
    Plot.text([title], { ...corner, dy: 4 - marginTop, fontSize: 14, fontWeight: 600, fill: 'var(--ink)' }),
    Plot.text([subtitle], { ...corner, dy: 26 - marginTop }),
  ]
  const svg = Plot.plot({
    ...options,
    // Plot only creates and appends elements, which xmldom supports.
    document: document as unknown as Document,
    ariaLabel: title,
    width: chartWidth,
    marginTop,
    marginLeft,
    marks: [...heading, ...marks],
  }) as unknown as Element
  svg.setAttribute('role', 'img')
  svg.setAttribute('color', 'var(--soft)')
  svg.setAttribute('font-size', '12')
  // Plot's own style sheet is for charts in a notebook.
  for (const style of svg.getElementsByTagName('style')) svg.removeChild(style)
  for (const element of svg.getElementsByTagName('*')) roundNumbers(element)
  const markup = new XMLSerializer().serializeToString(svg).replaceAll(invalidInXml, '\ufffd')
  return { markup }
}

/** Draws a horizontal axis with its label below the middle. */
export function axisX(label: string, options: Plot.AxisXOptions): Plot.Markish {
  return Plot.axisX({ ...options, label, labelAnchor: 'center', labelArrow: 'none', labelOffset: 38 })
}

/** Returns a chart as the text of an SVG file with its own colours and background. */
export function toSvgFile({ markup }: Html): string {
  const background = '<rect width="100%" height="100%" fill="var(--ground)"/>'
  const drawn = markup.replace('>', `>\n<style>${coloursFor('svg')}</style>${background}`)
  // One line per mark, so that a changed figure is a changed line in a diff.
  return `${drawn.replaceAll('<g ', '\n<g ')}\n`
}

/** Rounds coordinates to two decimals: further digits are invisible, and `Math.log10` may differ in the last digit. */
function roundNumbers(element: Element): void {
  for (const { name, value } of element.attributes) {
    if (/^([xy][12]?|c[xy]|r|d|width|height|transform)$/.test(name)) {
      element.setAttribute(
        name,
        value.replace(/-?\d+\.\d+/g, (digits) => String(Number(Number(digits).toFixed(2)))),
      )
    }
  }
}
