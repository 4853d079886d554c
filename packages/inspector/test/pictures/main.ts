// Draws the picture of the home page from a real exchange: node --import tsx packages/inspector/test/pictures/main.ts
import { foreignCommand } from '@antiphon/workshop'
import { writeFile } from 'node:fs/promises'
import { chromium } from 'playwright-core'
import { buildPage } from '../build-page.js'
import { drawSequence } from './draw-sequence.js'

await buildPage()
const browser = await chromium.launch({
  executablePath: foreignCommand('chromium') ?? '',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
})
try {
  const file = new URL('../../../../docs/guide/images/sequence.svg', import.meta.url)
  await writeFile(file, await drawSequence(browser))
  console.log('docs/guide/images/sequence.svg')
} finally {
  await browser.close()
}
