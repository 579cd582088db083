import { encodeHandlers } from '../lib/library/redraw/encode-handlers';
import { serve } from '../lib/rpc/server';

serve(self, encodeHandlers());
