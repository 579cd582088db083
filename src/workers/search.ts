import { searchHandlers } from '../lib/library/asking/search-handlers';
import { serve } from '../lib/rpc/server';

serve(self, searchHandlers());
