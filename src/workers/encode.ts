import { encodeHandlers } from '../lib/library/encode-handlers';
import { serve } from '../lib/rpc/server';

serve(self, encodeHandlers());
