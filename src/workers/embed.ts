import { embedHandlers } from '../lib/library/models/embed-handlers';
import { serve } from '../lib/rpc/server';

serve(self, embedHandlers());
