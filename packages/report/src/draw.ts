import * as Plot from '@observablehq/plot'
import { DOMImplementation, XMLSerializer, type Element } from '@xmldom/xmldom'
import type { Html } from './html.js'
import { coloursFor } from './theme.js'

/** Width of every chart: little wider than a phone, on which its text stays readable. */
export const chartWidth = 460

/** Options of a grid. */
export const grid = { stroke: 'var(--line)', strokeOpacity: 1 } as const

const xmlCannotHold = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

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
    // Plot creates and links elements only; xmldom has all it needs for that.
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
  // Plot's own style sheet only matters to a chart in a notebook.
  for (const style of svg.getElementsByTagName('style')) svg.removeChild(style)
  for (const element of svg.getElementsByTagName('*')) roundNumbers(element)
  const markup = new XMLSerializer().serializeToString(svg).replaceAll(xmlCannotHold, '\ufffd')
  return { markup }
}

/** Draws a horizontal axis with its label below the middle. */
export function axisX(label: string, options: Plot.AxisXOptions): Plot.Markish {
  return Plot.axisX({ ...options, label, labelAnchor: 'center', labelArrow: 'none', labelOffset: 38 })
}

/** Returns a chart as the text of a file that brings its colours and its ground. */
export function toSvgFile({ markup }: Html): string {
  const ground = '<rect width="100%" height="100%" fill="var(--ground)"/>'
  const drawn = markup.replace('>', `>\n<style>${coloursFor('svg')}</style>${ground}`)
  // A line for each mark, so that a changed figure shows as a changed line.
  return `${drawn.replaceAll('<g ', '\n<g ')}\n`
}

/** Rounds what a reader cannot see, and what the last digit of a logarithm could change. */
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
