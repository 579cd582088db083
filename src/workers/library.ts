import { startLibrary } from '../lib/library/start';
import { serve } from '../lib/rpc/server';

serve(self, startLibrary());
