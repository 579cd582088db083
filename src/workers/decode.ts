import { decodeHandlers } from '../lib/library/asking/decode-handlers';
import { serve } from '../lib/rpc/server';

serve(self, decodeHandlers());
