export * from './api/exports.ts'
// For those who write `import undici from 'undici'`.
export * as default from './api/exports.ts'
