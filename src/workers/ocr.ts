import { serveOcr } from '../lib/text/extract/ocr-worker';

serveOcr(self);
