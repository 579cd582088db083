import { embedHandlers } from '../lib/library/embed-handlers';
import { serve } from '../lib/rpc/server';

serve(self, embedHandlers());
