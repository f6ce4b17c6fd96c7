/** `npm run docs`: writes the parts of docs/ that are made from the source. */
import { readFileSync, writeFileSync } from 'node:fs'
import { optionsPage, withTables } from './options.ts'

writeFileSync(optionsPage, withTables(readFileSync(optionsPage, 'utf8')))
console.log(optionsPage)
