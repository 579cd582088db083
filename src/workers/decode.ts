import { decodeHandlers } from '../lib/library/decode-handlers';
import { serve } from '../lib/rpc/server';

serve(self, decodeHandlers());
