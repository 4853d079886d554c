/** Returns the temperature of a city in degrees Celsius. */
export type Thermometer = (city: string) => number

const temperatures: ReadonlyMap<string, number> = new Map([
  ['Vienna', 22.5],
  ['Berlin', 18.3],
  ['London', 15.8],
  ['Paris', 20.1],
])

/** Creates the thermometer of the demo: fixed temperatures for four cities, a random one from 10.0 to 30.0 for others. */
export function demoThermometer(random: () => number = Math.random): Thermometer {
  return (city) => temperatures.get(city) ?? 10 + 20 * random()
}
