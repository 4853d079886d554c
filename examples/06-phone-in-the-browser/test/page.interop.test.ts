import { describeForeign } from '@antiphon/workshop'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Phone, startBrowser, startExample, type Example } from './example.js'

describeForeign(['chromium'], 'the phone page in headless Chromium, with its hub and cars', () => {
  let example: Example
  let browser: Browser
  let phone: Phone

  beforeAll(async () => {
    ;[example, browser] = await Promise.all([startExample(), startBrowser()])
    phone = new Phone(await browser.newPage())
    await phone.open(`${example.url}?timeout=50000`)
    await phone.showsLink('Online')
    // The packages may have to be compiled first.
  })

  afterAll(async () => {
    await browser.close()
    await example.end()
  })

  it('unlocks a car over WebSocket, under a content security policy without workers', async () => {
    await phone.unlock('Your car')
    await phone.shows('Succeeded', 'Success', 'Your car (car1)')
    expect(await phone.announcement()).toBe('car1, Succeeded, Success')
    expect((await phone.timelineTexts()).join('\n')).toMatch(/^car1, succeeded, (\d+ ms|\d+\.\d s)$/m)
    expect(phone.errors).toEqual([])
  })

  it('shows the refusal of a car', async () => {
    await phone.unlock('At the valet')
    await phone.shows('Refused', 'The car reports “Refused: valet mode”')
    expect(await phone.announcement()).toBe('car2, Refused, The car reports “Refused: valet mode”')
  })

  it('shows that the hub refuses a topic and unlocks the next car after the hub closed the connection', async () => {
    await phone.unlock('The neighbour')
    await phone.shows('Refused', 'The hub does not allow this phone to unlock this car')
    await phone.unlock('Your car')
    await phone.shows('Succeeded', 'Success')
    expect(phone.errors).toEqual([])
  })

  it('sends a request that was made offline after reconnecting', async () => {
    await phone.press('Drive into a tunnel')
    await phone.showsLink('Offline')
    await phone.unlock('Your car')
    await phone.shows('Pending', 'Waiting for the connection')
    await phone.press('Leave the tunnel')
    await phone.shows('Succeeded', 'Success')
    await phone.showsLink('Online')
  })

  it('shows a pending request and then its timeout', async () => {
    await phone.open(`${example.url}?timeout=5000`)
    await phone.showsLink('Online')
    await phone.unlock('Asleep')
    await phone.shows('Pending', 'Waiting for the car')
    await phone.shows('Timed out', 'No response in time')
    const [, seconds] = /car3, timed out, (\d+\.\d) s/.exec((await phone.timelineTexts()).join('\n')) ?? []
    // A busy machine may be late.
    expect(Number(seconds)).toBeGreaterThanOrEqual(5)
  })

  it('shows an error for an invalid timeout in the query', async () => {
    await phone.open(`${example.url}?timeout=soon`)
    await phone.showsLink('Error: options.timeout is NaN: it must be a number from 0.001')
  })

  it('ends all processes at Ctrl-C', async () => {
    const { code, printed } = await example.end()
    expect(printed).toMatch(/The cars are disconnected\.[^]*\nThe hub is closed\.\n$/)
    expect(code).toBe(0)
  })
})
