import { describe, expect, it } from 'vitest'
import { barChart, dotChart, lineChart, ratioChart, toSvgFile, type Html } from '../src/index.js'
import { drawingOf, elements, texts } from './drawing.js'

/** Every kind of chart, with the given text at every position that takes a text. */
const charts: Readonly<Record<string, (text: string) => Html>> = {
  lineChart: (text) =>
    lineChart({
      title: text,
      x: text,
      y: text,
      scale: 'log',
      series: [{ name: text, points: [[1, 0.123_456_789], [7, 3]] }], // prettier-ignore
      events: [{ at: 2, label: text }],
    }),
  barChart: (text) =>
    barChart({ title: text, legend: [text], bars: [{ name: text, tone: 0, parts: [1 / 3, 2], text }] }),
  ratioChart: (text) =>
    ratioChart({
      title: text,
      sides: [text, text],
      bars: [{ name: text, value: 1.234_567, isReached: true }],
      bound: { at: 1.1, label: text },
    }),
  dotChart: (text) => dotChart({ title: text, x: text, rows: [{ name: text, values: [3, 7] }] }),
}
const hostile = [
  '</text></svg><script>alert(1)</script>',
  `" onload="alert(1)" x='`,
  '&amp; & ]]> <![CDATA[ <!--',
  'var(--ink)',
  '$& ${1}',
]

describe.each(Object.entries(charts))('%s', (_, chart) => {
  it('returns the same bytes for the same data', () => {
    expect(chart('a').markup).toBe(chart('a').markup)
  })

  it.each(hostile)('inserts %j as text only', (text) => {
    const [shown, plain] = [drawingOf(chart(text)), drawingOf(chart('a'))]
    expect(texts(shown)).toContain(text)
    expect(shown.getAttribute('aria-label')).toBe(text)
    const shape = (root: typeof shown) => elements(root, '*').map(({ tagName }) => tagName)
    expect(shape(shown)).toEqual(shape(plain))
    expect(elements(shown, '*').some((element) => element.hasAttribute('onload'))).toBe(false)
  })

  it('replaces characters that XML cannot hold', () => {
    expect(texts(drawingOf(chart('\u001b[31mred\ud800')))).toContain('\ufffd[31mred\ufffd')
  })

  it('draws an image with a label, in colours of the theme only', () => {
    const root = drawingOf(chart('name'))
    expect([root.getAttribute('role'), root.getAttribute('aria-label')]).toEqual(['img', 'name'])
    const isPaint = (value: string) => /^(none|currentColor|var\(--[a-z0-9-]+\))$/.test(value)
    const paints = elements(root, '*').flatMap((element) =>
      ['fill', 'stroke'].flatMap((name) => element.getAttribute(name) ?? []),
    )
    expect(paints.filter((paint) => !isPaint(paint))).toEqual([])
  })

  it('writes coordinates with at most two decimals', () => {
    const places = elements(drawingOf(chart('a')), '*').flatMap((element) =>
      ['x', 'x1', 'cx', 'cy', 'd', 'width', 'transform'].flatMap((name) => element.getAttribute(name) ?? []),
    )
    expect(places.join(' ')).not.toMatch(/\.\d{3}/)
  })

  it('loads nothing and contains no style sheet', () => {
    expect(chart('a').markup).not.toMatch(/<style|<script|<image|href|url\(/)
  })
})

describe('toSvgFile', () => {
  it('includes the colours of both schemes and a background', () => {
    const file = toSvgFile(lineChart({ title: 'a > b', x: 'x', y: 'y', scale: 'linear', series: [] }))
    expect(file).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n<style>svg\{/)
    expect(file).toContain('prefers-color-scheme:dark')
    expect(drawingOf({ markup: file }).getElementsByTagName('rect')[0]?.getAttribute('fill')).toBe(
      'var(--ground)',
    )
  })

  it('defines every colour that a chart uses', () => {
    for (const chart of Object.values(charts)) {
      const file = toSvgFile(chart('a'))
      for (const [, name = ''] of file.matchAll(/var\((--[a-z0-9-]+)\)/g)) expect(file).toContain(`${name}:#`)
    }
  })
})
