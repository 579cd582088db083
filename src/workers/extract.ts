import { extractHandlers } from '../lib/library/ingest/extract-handlers';
import { serve } from '../lib/rpc/server';

serve(self, extractHandlers());
