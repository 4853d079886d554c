import { describeForeign } from '@antiphon/workshop'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Phone, startBrowser, startStory, type Story } from './story.js'

describeForeign(['chromium'], 'a phone in headless Chromium, served by the story and its hub', () => {
  let story: Story
  let browser: Browser
  let phone: Phone

  beforeAll(async () => {
    ;[story, browser] = await Promise.all([startStory(), startBrowser()])
    phone = new Phone(await browser.newPage())
    await phone.open(`${story.url}?timeout=15000`)
    await phone.isLinked('Online')
    // What is published has to be compiled first, where that was not done.
  }, 120_000)

  afterAll(async () => {
    await browser.close()
    await story.end()
  })

  it('unlocks a car over WebSocket, under a content security policy without workers', async () => {
    await phone.unlock('Your car')
    await phone.says('Answered', 'Success', 'Your car (car1)')
    expect(await phone.announced()).toBe('car1, Answered, Success')
    expect((await phone.drawn()).join('\n')).toMatch(/^car1, answered, \d+ ms$/m)
    expect(phone.complaints).toEqual([])
  })

  it('shows a car that refuses', async () => {
    await phone.unlock('At the valet')
    await phone.says('Refused', 'The car says “Refused: valet mode”')
    expect(await phone.announced()).toBe('car2, Refused, The car says “Refused: valet mode”')
  })

  it('shows a topic that the hub refuses, and goes on over the connections that costs', async () => {
    await phone.unlock('The neighbour')
    await phone.says('Refused', 'The hub gives this phone no right to ask it')
    await phone.unlock('Your car')
    await phone.says('Answered', 'Success')
    expect(phone.complaints).toEqual([])
  })

  it('keeps a question while it is offline, and has it answered when it is back', async () => {
    await phone.press('Drive into a tunnel')
    await phone.isLinked('Offline')
    await phone.unlock('Your car')
    await phone.says('Pending', 'Kept until the link is back')
    await phone.press('Leave the tunnel')
    await phone.says('Answered', 'Success')
    await phone.isLinked('Online')
  })

  it('shows what is pending, and then timed out', async () => {
    await phone.open(`${story.url}?timeout=1500`)
    await phone.isLinked('Online')
    await phone.unlock('Asleep')
    await phone.says('Pending', 'Waiting for the car')
    await phone.says('Timed out', 'Gave up waiting for the answer')
    expect((await phone.drawn()).join('\n')).toContain('car3, timed out, 1.5 s')
  })

  it('says what is wrong with its settings', async () => {
    await phone.open(`${story.url}?timeout=soon`)
    await phone.isLinked('Out of order: timeout is NaN: it must be more than 0')
  })

  it('ends at Ctrl-C with nothing left running', async () => {
    const { code, printed } = await story.end()
    expect(printed).toMatch(/The cars are parked\.[^]*\nThe hub is closed\.\n$/)
    expect(code).toBe(0)
  })
})
