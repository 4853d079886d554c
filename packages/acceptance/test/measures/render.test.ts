import { expect, it } from 'vitest'
import { counted } from '../../src/measures/measure/measure.js'
import { renderMeasures } from '../../src/measures/render.js'

it('shows the value and figures of each broker, missed targets, and measures that a broker cannot run', () => {
  const cancels = { name: 'cancels', design: 'Groups', target: 'all' } as const
  const { markup } = renderMeasures({
    figures: [],
    failures: [],
    notRun: [],
    brokers: ['embedded', 'Mosquitto', 'ejabberd'],
    records: [
      { ...cancels, broker: 'embedded', result: counted(31, 31, 'within 10 ms') },
      { ...cancels, broker: 'Mosquitto', result: counted(30, 31) },
      { ...cancels, broker: 'ejabberd' },
    ],
  })
  for (const part of ['31 of 31', 'within 10 ms', 'missed: 30 of 31', 'no groups', '<h3>Groups</h3>'])
    expect(markup).toContain(part)
})
