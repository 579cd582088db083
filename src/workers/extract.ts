import { extractHandlers } from '../lib/library/extract-handlers';
import { serve } from '../lib/rpc/server';

serve(self, extractHandlers());
