import { searchHandlers } from '../lib/library/search-handlers';
import { serve } from '../lib/rpc/server';

serve(self, searchHandlers());
