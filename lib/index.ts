export * from './exports.ts'
// For those who write `import undici from 'undici'`.
export * as default from './exports.ts'
