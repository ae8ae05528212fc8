// Something is being published: the page is looked at again until it is done.

setTimeout(() => location.reload(), 3000);
