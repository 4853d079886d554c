import { expect, it } from 'vitest'
import { failuresOf, figuresOf } from '../../src/measures/judge.js'
import { counted } from '../../src/measures/measure/measure.js'
import type { MeasureRecord } from '../../src/measures/section.js'

const items: MeasureRecord = {
  name: 'items of a stream',
  design: 'Acknowledgement',
  target: 'all',
  broker: 'Mosquitto',
  result: counted(5_000, 5_000),
}
const lost: MeasureRecord = { ...items, name: 'cancels', result: counted(30, 31, 'within 10 s') }
const slow: MeasureRecord = {
  ...items,
  name: 'median latency',
  target: 'at most 1.2 ×',
  isTimed: true,
  result: { value: '1.40 ×', isMet: false },
}
const impossible: MeasureRecord = {
  name: 'cancels',
  design: 'Groups',
  target: 'all',
  broker: 'RabbitMQ 4',
}

it('counts the met targets of each broker, without measures that it cannot run', () => {
  expect(figuresOf([items, lost, impossible, { ...items, broker: 'RabbitMQ 4' }])).toEqual([
    { name: 'Mosquitto, targets met', value: '1 of 2' },
    { name: 'RabbitMQ 4, targets met', value: '1 of 1' },
  ])
})

it('reports each missed target with its value', () => {
  expect(failuresOf([items, lost, impossible], true)).toEqual([
    'cancels, on Mosquitto: 30 of 31 (within 10 s); target: all',
  ])
})

it('does not report a missed time in the smoke part, which runs beside other tests', () => {
  expect(failuresOf([slow], true)).toEqual([])
  expect(failuresOf([slow], false)).toEqual(['median latency, on Mosquitto: 1.40 ×; target: at most 1.2 ×'])
})
