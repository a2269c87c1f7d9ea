"""What every route is made with: parameters, values, links, replies, policies of pages."""
