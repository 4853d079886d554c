import { expect, it } from 'vitest'
import { renderDurability } from '../../src/durability/render.js'

it('shows a line for each broker and case, with what failed marked', () => {
  const verdict = { requests: 1_200, answered: 1_190, interrupted: 9, lost: ['x'], twice: [], wrong: [] }
  const { markup } = renderDurability({
    figures: [],
    failures: [],
    notRun: [],
    kills: 20,
    runs: [{ broker: 'Mosquitto', name: 'responder', verdict }],
  })
  for (const part of [
    '1,190',
    'Mosquitto',
    '1,200',
    '<span class="bad">1</span>',
    '<span class="good">0</span>',
  ])
    expect(markup).toContain(part)
})
