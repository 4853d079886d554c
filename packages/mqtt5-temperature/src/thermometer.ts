/** Tells the temperature of a city in degrees Celsius. */
export type Thermometer = (city: string) => number

const KNOWN: ReadonlyMap<string, number> = new Map([
  ['Vienna', 22.5],
  ['Berlin', 18.3],
  ['London', 15.8],
  ['Paris', 20.1],
])

/** The thermometer of the demo: four cities it knows; any other has some temperature from 10.0 to 30.0. */
export function demoThermometer(random: () => number = Math.random): Thermometer {
  return (city) => KNOWN.get(city) ?? 10 + 20 * random()
}
