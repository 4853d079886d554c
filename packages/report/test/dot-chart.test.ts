import { describe, expect, it } from 'vitest'
import { dotChart } from '../src/index.js'
import { drawingOf, marks, numberOf, placeOf, texts, textsOf } from './drawing.js'

const root = drawingOf(
  dotChart({
    title: 'Until the first response',
    x: 'milliseconds',
    rows: [
      { name: 'killed', values: [0.2, 10, 100, NaN] },
      { name: 'stopped', values: [500] },
    ],
  }),
)
const dots = marks(root, 'dot', 'circle')

describe('dotChart', () => {
  it('draws a row of dots for each name', () => {
    const [killed, stopped] = ['killed', 'stopped'].map((name) => placeOf(textsOf(root, name)[0])[1])
    expect(dots.map((dot) => numberOf(dot, 'cy'))).toEqual([killed, killed, killed, stopped])
  })

  it('draws powers of ten at equal distances, and values below 1 at 1', () => {
    const [one = NaN, ten = NaN, hundred = NaN] = dots.map((dot) => numberOf(dot, 'cx'))
    expect(hundred - ten).toBeCloseTo(ten - one, 1)
    expect(one).toBe(placeOf(textsOf(root, '1')[0])[0])
  })

  it('labels the axis and its powers of ten', () => {
    expect(texts(root)).toEqual(expect.arrayContaining(['milliseconds', '1', '10', '100', '1K']))
  })

  it('draws rows without values without NaN', () => {
    const none = dotChart({ title: 't', x: 'x', rows: [{ name: 'a', values: [] }] })
    for (const chart of [none, dotChart({ title: 't', x: 'x', rows: [] })])
      expect(chart.markup).not.toMatch(/NaN|Infinity/)
  })
})
